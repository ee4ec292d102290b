"""All conformance cases; importing this package registers them in case.CASES."""
import importlib
import pkgutil

for module in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(module.name)
