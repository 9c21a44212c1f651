using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bioproxy.Abstractions;

namespace Bioproxy.Redactor;

/// <summary>Replaces the placeholders of one text by their secrets. Inserted secrets are not scanned again.</summary>
/// <remarks>
/// Invariant: what is held back begins with <c>[</c>, is the beginning of a placeholder of this request and shorter than it. Everything
/// else is passed on at once. A cut is only made before a <c>[</c>, so no piece ends within a character.
/// </remarks>
/// <param name="map">The placeholders.</param>
/// <param name="isJson">Whether the text is JSON: then a secret is escaped as within a JSON string.</param>
/// <param name="restored">Counts the restored placeholders.</param>
internal sealed class RestoringEditor(PlaceholderMap map, bool isJson, IPluginCounter restored) : IResponseEditor
{
    private string _held = string.Empty;

    /// <inheritdoc/>
    public string Edit(string text)
    {
        var whole = _held.Length == 0 ? text : _held + text;
        _held = string.Empty;
        StringBuilder? result = null;
        var copied = 0;
        for (var at = whole.IndexOf('['); at >= 0; at = at < whole.Length ? whole.IndexOf('[', at) : -1)
        {
            var rest = whole.AsSpan(at);
            if (map.At(rest, out var secret) is > 0 and var length)
            {
                (result ??= new StringBuilder()).Append(whole, copied, at - copied).Append(isJson ? Escape(secret) : secret);
                copied = at += length;
                restored.Add();
            }
            else if (map.IsBeginning(rest))
            {
                _held = whole[at..];
                return Join(result, whole[copied..at]);
            }
            else
            {
                at++;
            }
        }

        return Join(result, copied == 0 ? whole : whole[copied..]);
    }

    /// <inheritdoc/>
    public string Finish()
    {
        var held = _held;
        _held = string.Empty;
        return held;
    }

    private static string Join(StringBuilder? result, string rest) => result is null ? rest : result.Append(rest).ToString();

    private static string Escape(string secret) => JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
}
