"""The web face: it advises, asks and forwards. It holds no cloud credential and no signing key."""
