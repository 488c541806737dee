/** The base and every overlay against the schemas of Kubernetes and of the Prometheus operator. */
import { expect } from 'chai';
import { renderAll, theOnly, type KubeObject, type Rendered } from './render.ts';
import { schemaProblems } from './schema.ts';

describe('schemaProblems', () => {
  let rendered: readonly Rendered[] = [];
  before(() => {
    rendered = renderAll();
  });

  it('finds none in what the base and the overlays render', async () => {
    expect(rendered.map(({ name }) => name)).to.include.members([
      'base',
      'sidecar',
      'host-network',
      'cronjob',
      'dry-run',
      'dev',
      'monitoring',
      'ha',
    ]);
    for (const { name, objects } of rendered) {
      expect(objects, name).not.to.be.empty;
      expect(await schemaProblems(objects), name).to.deep.equal([]);
    }
  });

  /** The object of that kind with one piece of its JSON replaced. */
  function damaged(kind: string, [from, to]: readonly [string, string]): KubeObject {
    const found = rendered.find(({ objects }) => objects.some((each) => each.kind === kind));
    const text = JSON.stringify(found && theOnly(kind, found));
    expect(text).to.include(from);
    return JSON.parse(text.replace(from, to)) as KubeObject;
  }

  const DAMAGES: readonly (readonly [string, string, readonly [string, string], RegExp])[] = [
    ['a misspelt key', 'Deployment', ['"replicas":', '"replica":'], /"replica".* does not exist/],
    [
      'a misspelt key deep inside',
      'Deployment',
      ['"readOnlyRootFilesystem"', '"readOnlyRootFileSystem"'],
      /readOnlyRootFileSystem/,
    ],
    ['a value of a wrong type', 'Deployment', ['"replicas":1', '"replicas":"one"'], /replicas/],
    ['a missing field', 'NetworkPolicy', ['"podSelector"', '"podSelectors"'], /podSelector/],
    [
      'a wrong type in a policy',
      'PodDisruptionBudget',
      ['"matchLabels":{', '"matchLabels":[],"x":{'],
      /x/,
    ],
    ['a misspelt key of the operator', 'PodMonitor', ['"interval"', '"intervall"'], /intervall/],
    ['a value the operator refuses', 'PodMonitor', ['"30s"', '"soon"'], /interval/],
    ['a kind that nobody knows', 'Service', ['"kind":"Service"', '"kind":"Servise"'], /no model/],
    ['a version that does not exist', 'CronJob', ['"batch/v1"', '"batch/v7"'], /no model/],
  ];

  DAMAGES.forEach(([what, kind, damage, problem]) => {
    it(`finds ${what}`, async () => {
      const problems = await schemaProblems([damaged(kind, damage)]);
      expect(problems.join('\n')).to.match(problem);
    });
  });
});
