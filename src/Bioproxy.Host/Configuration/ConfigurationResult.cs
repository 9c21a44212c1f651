using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Bioproxy.Host.Configuration;

/// <summary>Either the validated options or every mistake that was found.</summary>
internal sealed class ConfigurationResult
{
    private ConfigurationResult(
        ProxyOptions? options, IReadOnlyDictionary<string, ConfigurationValue> values, IReadOnlyList<ConfigurationError> errors)
    {
        Options = options;
        Values = values;
        Errors = errors;
    }

    [MemberNotNullWhen(true, nameof(Options))]
    public bool IsValid => Options is not null;

    public ProxyOptions? Options { get; }

    /// <summary>Key → the value that it was given, for each that is not left at its default.</summary>
    public IReadOnlyDictionary<string, ConfigurationValue> Values { get; }

    public IReadOnlyList<ConfigurationError> Errors { get; }

    public static ConfigurationResult Valid(ProxyOptions options, IReadOnlyDictionary<string, ConfigurationValue> values) =>
        new(options, values, []);

    public static ConfigurationResult Invalid(IReadOnlyList<ConfigurationError> errors) =>
        new(null, FrozenDictionary<string, ConfigurationValue>.Empty, errors);
}
