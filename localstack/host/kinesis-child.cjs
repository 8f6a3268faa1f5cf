// Loaded into LocalStack's Kinesis engine before its own code. The engine listens on every interface and
// is started in a session of its own; this keeps it on loopback and ends it with the LocalStack that
// started it, also when that one was killed.
"use strict";

if ((process.argv[1] || "").includes("kinesis-local")) {
  const net = require("node:net");
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...args) {
    if (args[0] !== null && typeof args[0] === "object" && "port" in args[0]) {
      args[0] = { ...args[0], host: "127.0.0.1" };
    } else if (typeof args[0] === "number") {
      const callback = args.find((arg) => typeof arg === "function");
      args = [{ port: args[0], host: "127.0.0.1" }, ...(callback ? [callback] : [])];
    }
    return listen.apply(this, args);
  };

  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.exit(0), 500).unref();
}
