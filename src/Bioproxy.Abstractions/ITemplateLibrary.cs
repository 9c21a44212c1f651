namespace Bioproxy.Abstractions;

/// <summary>The templates of the configuration. Safe from any thread.</summary>
public interface ITemplateLibrary
{
    /// <summary>The configured triggers (<c>@code</c>), longest first, compared by ordinal. Fixed while the host runs.</summary>
    IReadOnlyList<string> Prefixes { get; }

    /// <summary>Renders the template of a trigger with its current files.</summary>
    /// <param name="prefix">One of <see cref="Prefixes"/>.</param>
    /// <param name="variables">The values to render with.</param>
    /// <returns>The rendered text.</returns>
    /// <exception cref="TemplateException">The trigger has no template, or rendering failed.</exception>
    string Render(string prefix, TemplateVariables variables);
}
