"""The rules: what each finding is called, what its page says, and how facts become diagnostics, by family."""
