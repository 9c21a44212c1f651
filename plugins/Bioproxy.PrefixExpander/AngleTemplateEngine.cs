using System.Text;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixExpander;

/// <summary>
/// The plain template language: <c>&lt;&lt;message&gt;&gt;</c>, <c>&lt;&lt;path&gt;&gt;</c>, and the same with <c>&lt;{…}&gt;</c>.
/// </summary>
/// <remarks>
/// One pass: inserted text is never scanned. A placeholder is on one line, is not empty, does not begin or end with white space and
/// contains neither <c>&lt;</c> nor its own closing character; anything else is literal text, so that <c>cout &lt;&lt; x &gt;&gt; y</c>
/// stays. A backslash before the opening makes it literal and disappears.
/// </remarks>
[TemplateEngine("*", ".txt", ".md")]
public sealed class AngleTemplateEngine : ITemplateEngine
{
    private const string Message = "message";

    /// <inheritdoc/>
    public ITemplate Parse(ITemplateSource source)
    {
        var text = source.Text;
        var literals = new List<string>();
        var literal = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            if (IsEscape(text, at))
            {
                literal.Append(text, at + 1, 2);
                at += 3;
            }
            else if (Placeholder(text, at) is not { } name)
            {
                literal.Append(text[at]);
                at++;
            }
            else
            {
                if (name == Message)
                {
                    literals.Add(literal.ToString());
                    literal.Clear();
                }
                else
                {
                    literal.Append(Include(source, name, at));
                }

                at += name.Length + 4;
            }
        }

        if (literals.Count == 0)
            throw new TemplateException("the template has no <<message>>: the user's words would be lost. Write <<message>> where they "
                + "belong, usually at the end.");
        literals.Add(literal.ToString());
        return new AngleTemplate([.. literals]);
    }

    private static bool IsEscape(string text, int at) =>
        text[at] == '\\' && at + 2 < text.Length && text[at + 1] == '<' && text[at + 2] is '<' or '{';

    /// <summary>The content of the placeholder that begins here; null if there is none.</summary>
    private static string? Placeholder(string text, int at)
    {
        if (text[at] != '<' || at + 1 >= text.Length || text[at + 1] is not ('<' or '{'))
            return null;
        var closing = text[at + 1] == '<' ? '>' : '}';
        var start = at + 2;
        var end = text.AsSpan(start).IndexOfAny(['\r', '\n', '<', closing]) + start;
        if (end <= start || text[end] != closing || end + 1 >= text.Length || text[end + 1] != '>')
            return null;
        return char.IsWhiteSpace(text[start]) || char.IsWhiteSpace(text[end - 1]) ? null : text[start..end];
    }

    private static string Include(ITemplateSource source, string path, int at)
    {
        try
        {
            return source.Include(path);
        }
        catch (TemplateException e)
        {
            var before = source.Text.AsSpan(0, at);
            var opening = source.Text.Substring(at, 2);
            throw new TemplateException(
                $"cannot include '{path}': {e.Message.TrimEnd('.')}. If {opening} is meant literally, write \\{opening}.",
                before.Count('\n') + 1,
                at - before.LastIndexOf('\n'));
        }
    }
}
