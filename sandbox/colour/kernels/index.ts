// AssemblyScript. What the module offers; generate/colour-kernels.ts compiles it.
export { blend } from './blend';
export { setBackward, setForward } from './coefficients';
export { fromRgba } from './from-rgba';
export { toRgba } from './to-rgba';
export { toYuva } from './to-yuva';
