"""The audit branch over git. The bot reads it; only runners import the writer."""
