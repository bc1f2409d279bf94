"""Pages of the record: HTML without script, network or server. Both faces draw them here: the bot and the command line."""
