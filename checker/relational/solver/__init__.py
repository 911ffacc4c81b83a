"""The border to Z3: translation, finite instances, and the discharge of one obligation."""
