namespace Bioproxy.Host.Configuration;

/// <summary>Everything a configuration is made from, apart from the files it names.</summary>
internal sealed record ConfigurationInput
{
    /// <summary>The file named by <c>--config</c>, relative to the current folder, or null: then <c>BIOPROXY_CONFIG</c>, then the default place.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>Key name (<c>proxy_port</c>) → text given for its command-line option.</summary>
    public IReadOnlyDictionary<string, string> Overrides { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads an environment variable; null or an empty text means that it is not set.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    public string HomeDirectory { get; init; } = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
}
