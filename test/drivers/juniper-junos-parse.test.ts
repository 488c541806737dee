import { expect } from 'chai';
import { readJuniperJunosPaths } from '../../src/drivers/juniper-junos/parse.ts';
import { casesOf } from './cisco-ios-cases.ts';
import { thrown } from './thrown.ts';

describe('readJuniperJunosPaths', () => {
  for (const { name, text, paths } of casesOf('juniper-junos')) {
    it(`reads ${name}`, () => {
      expect(readJuniperJunosPaths(text)).to.deep.equal(paths);
    });

    it(`reads ${name} with the line ends of a terminal`, () => {
      expect(readJuniperJunosPaths(text.replaceAll('\n', '\r\n'))).to.deep.equal(paths);
    });
  }

  it('finds nothing in an empty text', () => {
    expect(readJuniperJunosPaths('')).to.deep.equal([]);
  });

  it('takes an answer in JSON that is cut off for no answer', () => {
    const text = '{\n    "configuration" : {"routing-options" : {"static" : {"route" : [';
    const error = thrown(() => readJuniperJunosPaths(text));
    expect(error.code).to.equal('UPSTREAM_OUTPUT_INVALID');
    expect(error.message).to.include('incomplete JSON');
  });

  it('survives braces and brackets that do not match', () => {
    const text = '}\nroute {\n] }\n[ a\nstatic { route 10.1.0.0/16 { next-hop [ ]; discard; } }';
    expect(readJuniperJunosPaths(text).map(({ prefix }) => prefix)).to.deep.equal(['10.1.0.0/16']);
  });
});
