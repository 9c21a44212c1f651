using Bioproxy.Abstractions;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Something that breaks a prompt's prefix, and how it is mended.</summary>
internal interface IPromptRule
{
    /// <summary>Its name in settings, metrics, logs and explanations.</summary>
    string Name { get; }

    /// <summary>Mends a prompt.</summary>
    /// <returns>In how many places.</returns>
    int Apply(PromptContext context, CancellationToken cancellationToken);
}
