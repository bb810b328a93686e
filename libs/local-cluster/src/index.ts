export * from './api-server/api.server.js';
export type { KubeLog } from '@warmbox/kube';
export type { IsolationName } from './kubelet/isolation/isolation.js';
export { ISOLATIONS } from './kubelet/isolation/isolation.js';
export * from './kubeconfig.js';
export * from './kubelet/kubelet.js';
export * from './kubelet/kubelet.machine.js';
export * from './kubelet/kubelet.options.js';
export * from './local.cluster.js';
