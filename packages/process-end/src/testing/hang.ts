// Never ends.
setInterval(() => {}, 1000);
