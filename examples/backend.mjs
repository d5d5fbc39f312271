import { backendInfo } from 'airs-mcp';
console.log(backendInfo());
// { name: 'native', kernel: 'icelake', reason: 'the native addon loaded', externalBuffers: true }
