/** The `leader` section: several agents, one of which writes. */
import { z } from 'zod';

import { file, filledList, mustBe, seconds, section, word } from './fields.ts';

const endpoint = z
  .string({ error: mustBe('the address of an etcd member, for example "https://10.0.0.11:2379"') })
  .regex(/^https?:\/\/(?:\[[\da-fA-F:.]+\]|[\w.-]{1,253})(?::\d{1,5})?\/?$/, {
    error: mustBe('the address of an etcd member, for example "https://10.0.0.11:2379"'),
  });

const etcd = section({
  endpoints: filledList(
    endpoint,
    'a list of addresses, for example ["https://10.0.0.11:2379"]',
  ).describe('The members of the etcd cluster; one that does not answer is passed over.'),
  prefix: word(/^\/[\w./-]{0,200}$/, 'a key that begins with "/"')
    .default('/route-sync')
    .describe('Under which key the lock is; the owner is added to it.'),
  user: word(/^[\w.@+-]{1,64}$/, 'the name of an etcd user')
    .optional()
    .describe('The etcd user, where authentication is on.'),
  passwordFile: file().optional().describe('A file whose first line is the password of that user.'),
  caFile: file().optional().describe('The CA of the members, where it is not one of the system.'),
  certFile: file().optional().describe('The client certificate, where the members ask for one.'),
  keyFile: file().optional().describe('The key of the client certificate.'),
}).check((context) => {
  const { user, passwordFile, certFile, keyFile } = context.value;
  const complain = (message: string): void => {
    context.issues.push({ code: 'custom', message, input: context.value });
  };
  if ((user === undefined) !== (passwordFile === undefined)) {
    complain('must have user and passwordFile, or neither');
  }
  if ((certFile === undefined) !== (keyFile === undefined)) {
    complain('must have certFile and keyFile, or neither');
  }
});

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

const kubernetes = section({
  namespace: word(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a namespace')
    .optional()
    .describe('The namespace of the Lease. Default: that of the pod.'),
  name: word(NAME, 'a name of a-z, 0-9, "." and "-"')
    .optional()
    .describe('The name of the Lease. Default: `route-sync-` and the owner.'),
});

export const leaderSchema = section({
  etcd: etcd.optional().describe('A lock in etcd (3.4 or later).'),
  kubernetes: kubernetes.optional().describe('A Lease of Kubernetes, with the rights of the pod.'),
  leaseSeconds: seconds(3, 300)
    .default(15)
    .describe('How long a leader that does not answer any more stays the leader.'),
}).check((context) => {
  const { etcd: lock, kubernetes: lease } = context.value;
  if ((lock === undefined) === (lease === undefined)) {
    const message = 'must have either etcd or kubernetes';
    context.issues.push({ code: 'custom', message, input: context.value });
  }
});
