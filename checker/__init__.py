"""The engines, the bridges between spec and impl and real servers, and the command line."""
