import pytest


@pytest.fixture(autouse=True)
def ledger(monkeypatch, tmp_path_factory):
    """No test writes into the ledger of whoever runs it."""
    monkeypatch.setenv("REVERIE_LEDGER", str(tmp_path_factory.mktemp("ledger") / "ledger.json"))


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A tiny language model in a folder, with its tokenizer, as others are written."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM

    place = tmp_path_factory.mktemp("checkpoint")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<end>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(["a lovely soft thing and a cheap itchy thing"] * 9, trainer)
    tokenizer.save(str(place / "tokenizer.json"))
    (place / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<end>"}'
    )
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size() + 4, hidden_size=32, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, eos_token_id=0, bos_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(place)
    return place
