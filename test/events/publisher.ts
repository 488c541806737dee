/** A process of its own that sends as fast as RabbitMQ takes it: `publisher.ts PORT COUNT`; the last router is `last`. */
import { connect } from 'amqplib';

import { enveloped } from '../agent/events/recorded.ts';
import { ADMIN } from '../support/rabbit.ts';

const CHUNK = 500;

const [port, count] = process.argv.slice(2).map(Number);
const model = await connect({
  hostname: '127.0.0.1',
  port: port ?? 0,
  username: ADMIN.name,
  password: ADMIN.password,
});
const channel = await model.createConfirmChannel();
// As large as those of Neutron, which hold the whole context of the request.
const filler = 'x'.repeat(3500);
for (let sent = 0; sent < (count ?? 0); sent += 1) {
  const id = sent === (count ?? 0) - 1 ? 'last' : `r${sent}`;
  const message = { event_type: 'router.update.end', payload: { router: { id } }, filler };
  channel.publish('neutron', 'notifications.info', enveloped(message));
  if (sent % CHUNK === 0) {
    await channel.waitForConfirms();
  }
}
await channel.waitForConfirms();
await model.close();
