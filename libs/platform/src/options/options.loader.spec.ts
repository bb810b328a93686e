import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsString, Max, Min, ValidateNested } from 'class-validator';
import { loadOptions, OptionsError, variableOf, type OptionSources } from './options.loader.js';

class Size {
  @IsInt()
  width: number = 1;

  @IsInt()
  height: number = 2;
}

class Options {
  @IsInt()
  @Min(0)
  @Max(100)
  warmPoolSize: number = 10;

  @IsString()
  host: string = '127.0.0.1';

  @IsBoolean()
  verbose: boolean = false;

  @ValidateNested()
  @Type(() => Size)
  size: Size = new Size();
}

const load = (sources: Partial<OptionSources>): Options => loadOptions(Options, { environment: {}, ...sources });

function violationsOf(sources: Partial<OptionSources>): string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof OptionsError) return error.violations.map(({ key }) => key);
    throw error;
  }
  return [];
}

describe('variableOf', () => {
  it('makes WARM_POOL_SIZE of warmPoolSize', () => {
    expect(variableOf('warmPoolSize')).toBe('WARM_POOL_SIZE');
    expect(variableOf('port')).toBe('PORT');
  });
});

describe('loadOptions', () => {
  it('takes defaults, then the file, then the environment', () => {
    expect(load({})).toEqual(new Options());
    const sources = { file: { warmPoolSize: 20, host: 'a' }, environment: { WARM_POOL_SIZE: '30' } };
    expect(load(sources)).toMatchObject({ warmPoolSize: 30, host: 'a', verbose: false });
  });

  it('is an instance of its class, nested ones included', () => {
    const options = load({ environment: { SIZE: '{"width": 5, "height": 6}' } });
    expect(options).toBeInstanceOf(Options);
    expect(options.size).toBeInstanceOf(Size);
    expect(options.size).toEqual({ width: 5, height: 6 });
  });

  it('converts variables to the type of their option, and never guesses', () => {
    for (const text of ['True', 'TRUE', ' true']) expect(load({ environment: { VERBOSE: text } }).verbose).toBe(true);
    expect(load({ environment: { VERBOSE: 'False' } }).verbose).toBe(false);
    expect(load({ environment: { VERBOSE: 'true', HOST: '8' } })).toMatchObject({ verbose: true, host: '8' });
    for (const text of ['yes', '1', 'on'])
      expect(violationsOf({ environment: { VERBOSE: text } })).toEqual(['verbose']);
    for (const text of ['ten', '1.5', ' ', '1e9', 'Infinity', '0x']) {
      expect(violationsOf({ environment: { WARM_POOL_SIZE: text } })).toContain('warmPoolSize');
    }
  });

  it('takes an empty variable and a null of the file for absent', () => {
    expect(load({ file: { host: null }, environment: { WARM_POOL_SIZE: '' } })).toEqual(new Options());
  });

  it('names every violation at once, with key and value', () => {
    const sources = {
      file: { verbose: 'maybe', warmPolSize: 5, size: { width: 'wide' } },
      environment: { WARM_POOL_SIZE: '1000' },
    };
    expect(violationsOf(sources).sort()).toEqual(['size.width', 'verbose', 'warmPolSize', 'warmPoolSize']);
    expect(() => load(sources)).toThrow(/warmPoolSize = 1000.*: warmPoolSize must not be greater than 100/);
  });

  it('reads other variables where it is told', () => {
    const variable = (key: string): string => `X__${key}`;
    expect(load({ environment: { X__host: 'b', HOST: 'a' }, variable }).host).toBe('b');
  });
});
