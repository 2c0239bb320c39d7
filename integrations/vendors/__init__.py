"""Data vendors behind one seam. Nothing here knows Django models; see base.py for the Protocol."""
