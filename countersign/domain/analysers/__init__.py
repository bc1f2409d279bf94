"""Analysers: text in, facts out. Each knows one thing; `countersign.domain.analysis` asks them all."""
