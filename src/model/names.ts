export { ENGINE_NAMES, type EngineName } from './engine-name.js';
