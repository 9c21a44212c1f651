namespace Bioproxy.Host.Configuration;

/// <summary>What a configuration is made from, apart from the files it names.</summary>
internal sealed record ConfigurationInput
{
    /// <summary>The file named by <c>--config</c>, relative to the current folder; when null, <c>BIOPROXY_CONFIG</c> or else the default
    /// path is used.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>Key name (<c>proxy_port</c>) → text given for its command-line option.</summary>
    public IReadOnlyDictionary<string, string> Overrides { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads an environment variable; null or an empty string means that it is not set.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    public string HomeDirectory { get; init; } = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
}
