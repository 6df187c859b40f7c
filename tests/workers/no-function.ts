// Not a worker task: it has no function.
export default 42;
