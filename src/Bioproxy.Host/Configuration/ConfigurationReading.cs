namespace Bioproxy.Host.Configuration;

/// <summary>The state of one load: where paths start, which mistakes were found and where each accepted value came from.</summary>
internal sealed class ConfigurationReading(string baseDirectory, string homeDirectory)
{
    private readonly List<ConfigurationError> _errors = [];
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    public IReadOnlyList<ConfigurationError> Errors => _errors;

    public void Reject(ConfigurationError error) => _errors.Add(error);

    public void Reject(string key, ConfigurationValue value, string accepted) => _errors.Add(new(key, value.Source, value.Describe(), accepted));

    public void Accept(string key, ConfigurationValue value) => _sources[key] = value.Source;

    /// <returns>Where the key's value in force came from, or null for a default.</returns>
    public string? SourceOf(string key) => _sources.GetValueOrDefault(key);

    /// <returns>The absolute path, relative ones being relative to the configuration file's folder; null when it is no path at all.</returns>
    public string? Resolve(string path) => ConfigurationPaths.Resolve(path, baseDirectory, homeDirectory);
}
