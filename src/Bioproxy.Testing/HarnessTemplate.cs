namespace Bioproxy.Testing;

/// <summary>A template file. A plain string is one that the built-in engine renders.</summary>
/// <param name="text">The file's text.</param>
/// <param name="extension">The file's extension with its dot, which chooses the engine.</param>
public sealed class HarnessTemplate(string text, string extension = ".txt")
{
    /// <summary>The file's text.</summary>
    public string Text { get; } = text;

    /// <summary>The file's extension with its dot.</summary>
    public string Extension { get; } = extension;

    /// <summary>A template for the built-in engine.</summary>
    /// <param name="text">The file's text.</param>
    public static implicit operator HarnessTemplate(string text) => new(text);

    /// <summary>A template for the built-in engine.</summary>
    /// <param name="text">The file's text.</param>
    /// <returns>The template.</returns>
    public static HarnessTemplate FromString(string text) => new(text);
}
