namespace Bioproxy.Host.Configuration;

/// <summary>What a configured value looks like where it was written.</summary>
internal enum ConfigurationValueKind
{
    /// <summary>Text without a type of its own: an environment variable or a command-line option.</summary>
    Untyped,
    Null,
    Boolean,
    Number,
    Text,
    Array,
    Object,
}
