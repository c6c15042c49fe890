"""Files and frames in and out, through Arrow and DuckDB."""
