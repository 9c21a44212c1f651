namespace Bioproxy.Host.Configuration;

/// <summary>The state of one load: the base of relative paths, the mistakes found, and the source of each accepted value.</summary>
internal sealed class ConfigurationReading(string baseDirectory, string homeDirectory, Func<string, string?>? environment = null)
{
    private readonly List<ConfigurationError> _errors = [];
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    private readonly Dictionary<string, ConfigurationValue> _values = new(StringComparer.Ordinal);

    public IReadOnlyList<ConfigurationError> Errors => _errors;

    /// <summary>Key → the last value that it was given.</summary>
    public IReadOnlyDictionary<string, ConfigurationValue> Values => _values;

    /// <summary>What <c>~</c> stands for.</summary>
    public string HomeDirectory => homeDirectory;

    /// <summary>A variable of the environment; null where it is not set.</summary>
    public string? Environment(string name) => environment?.Invoke(name);

    /// <summary>Reads one key.</summary>
    public ProxyOptions Read(ConfigurationKey key, ProxyOptions options, ConfigurationValue value)
    {
        _values[key.Name] = value;
        return key.Read(options, value, this);
    }

    public void Reject(ConfigurationError error) => _errors.Add(error);

    public void Reject(string key, ConfigurationValue value, string accepted) =>
        _errors.Add(new(key, value.Source, value.Describe(), accepted));

    public void Accept(string key, ConfigurationValue value) => _sources[key] = value.Source;

    /// <returns>Where the key's effective value came from, or null for a default.</returns>
    public string? SourceOf(string key) => _sources.GetValueOrDefault(key);

    /// <returns>The absolute path (relative paths start at the configuration file's folder), or null when it is not a valid path.</returns>
    public string? Resolve(string path) => ConfigurationPaths.Resolve(path, baseDirectory, homeDirectory);
}
