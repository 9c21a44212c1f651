namespace Bioproxy.Host.Configuration;

/// <summary>One mistake in the configuration. <see cref="ToString"/> is the line that is shown.</summary>
/// <param name="Key">The key with its dots (<c>kv.directory</c>), or empty when the mistake is in the file as a whole.</param>
/// <param name="Source">File and line, environment variable or option.</param>
/// <param name="Found">The rejected value, or null when the remedy is a complete message.</param>
/// <param name="Remedy">What is accepted when <paramref name="Found"/> is set; otherwise the complete message.</param>
internal sealed record ConfigurationError(string Key, string Source, string? Found, string Remedy)
{
    public override string ToString() => (Key, Found) switch
    {
        ("", _) => $"{Source}: {Remedy}",
        (_, null) => $"{Source}: {Key}: {Remedy}",
        _ => $"{Source}: {Key} is {Found}; expected {Remedy}",
    };
}
