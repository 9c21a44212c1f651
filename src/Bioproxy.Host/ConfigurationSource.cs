using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary>What a configuration was read from, to read it again.</summary>
/// <param name="Input">The file, the environment and the command line.</param>
/// <param name="Values">Key → the value that it was given.</param>
internal sealed record ConfigurationSource(ConfigurationInput Input, IReadOnlyDictionary<string, ConfigurationValue> Values);
