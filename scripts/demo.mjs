// Placeholder: the demonstration that `npm start` shows is still to be written.
console.log('The demonstration is not written yet. Try: npm start --silent -- --help')
