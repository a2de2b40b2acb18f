/** Takes from an isolate memory that no bound counts and waiting that no clock sees, whatever its language. */
export const BOUNDS = `
delete globalThis.WebAssembly;
delete globalThis.Atomics;
delete globalThis.SharedArrayBuffer;
{
  const Growing = ArrayBuffer;
  const { defineProperty } = Object;
  const Plain = function ArrayBuffer(length, options) {
    if (new.target === undefined) throw new TypeError('ArrayBuffer is made with "new".');
    if (options !== undefined) throw new RangeError('A buffer that grows is not to be had here.');
    return new Growing(length);
  };
  Plain.prototype = Growing.prototype;
  defineProperty(Plain, 'isView', { value: Growing.isView });
  defineProperty(Growing.prototype, 'constructor', { value: Plain });
  delete Growing.prototype.resize;
  delete Growing.prototype.transfer;
  delete Growing.prototype.transferToFixedLength;
  globalThis.ArrayBuffer = Plain;
}
`;
