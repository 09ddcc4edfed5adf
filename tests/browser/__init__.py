"""The lessons, tried in a real JupyterLab in a real browser."""
