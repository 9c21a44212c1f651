namespace Bioproxy.Abstractions;

/// <summary>A parsed template. Immutable; rendered from many threads at once.</summary>
public interface ITemplate
{
    /// <summary>Renders the template.</summary>
    /// <param name="variables">The values that differ from request to request.</param>
    /// <returns>The text that replaces the user's message. The part before the message must not depend on anything but the
    /// template's files, or its KV cache cannot be kept.</returns>
    string Render(TemplateVariables variables);
}
