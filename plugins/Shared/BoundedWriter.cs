using System.Globalization;
using System.Text;
using Bioproxy.Abstractions;

namespace Bioproxy.Plugins.Shared;

/// <summary>Collects a template's output, up to a limit.</summary>
/// <param name="message">The user's message, whose length does not count against the template.</param>
internal sealed class BoundedWriter(string message) : TextWriter(CultureInfo.InvariantCulture)
{
    /// <summary>Characters that a template may add to the message.</summary>
    public const int MaxAdded = 4 << 20;

    private readonly StringBuilder _text = new();

    public override Encoding Encoding => Encoding.Unicode;

    public override void Write(char value)
    {
        Count(1);
        _text.Append(value);
    }

    public override void Write(string? value)
    {
        Count(value?.Length ?? 0);
        _text.Append(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        Count(count);
        _text.Append(buffer, index, count);
    }

    public override string ToString() => _text.ToString();

    private void Count(int more)
    {
        if ((long)_text.Length + more > MaxAdded + (long)message.Length)
            throw new TemplateException($"the template writes more than {MaxAdded} characters besides the message: shorten it, or its "
                + "includes.");
    }
}
