// PyPI `Authlib`.

import { everyFlowInPython } from "./support/python.js";

everyFlowInPython("Authlib", "authlib_client.py");
