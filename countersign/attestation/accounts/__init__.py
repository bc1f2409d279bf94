"""What records tell, put together for people: one record in flat words, an incident, exceptions, a sample. Pure."""
