using System.Diagnostics.CodeAnalysis;

namespace Bioproxy.Host.Configuration;

/// <summary>Either the validated options or every mistake that was found.</summary>
internal sealed class ConfigurationResult
{
    private ConfigurationResult(ProxyOptions? options, IReadOnlyList<ConfigurationError> errors)
    {
        Options = options;
        Errors = errors;
    }

    [MemberNotNullWhen(true, nameof(Options))]
    public bool IsValid => Options is not null;

    public ProxyOptions? Options { get; }

    public IReadOnlyList<ConfigurationError> Errors { get; }

    public static ConfigurationResult Valid(ProxyOptions options) => new(options, []);

    public static ConfigurationResult Invalid(IReadOnlyList<ConfigurationError> errors) => new(null, errors);
}
