# E002
answer = 42
