const { run } = require('./wirings.mjs');

run(process.env.MATRIX_WIRING, async (name) => require(name));
