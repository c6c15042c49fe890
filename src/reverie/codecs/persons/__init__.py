"""What identifies a person: telling it by form, checksum and name, and making up new ones."""
