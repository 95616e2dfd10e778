export { ClientError, type ClientEvents, type ClientOptions, SiamtrackClient } from './client.js';
