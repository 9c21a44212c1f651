using System.Text;
using Bioproxy.Doubles;

namespace Bioproxy.Demo;

/// <summary>
/// A template of about 4,000 tokens, made of the samples in <c>templates/</c>: in the demo's model a character is a token.
/// </summary>
internal static class DemoTemplate
{
    private const int Length = 4000;
    private const string Message = "<<message>>";

    /// <summary>What comes before the user's words.</summary>
    public static string Beginning { get; } = Compose();

    /// <summary>The file's text.</summary>
    public static string Text => Beginning + Message + "\n";

    /// <summary>What the backend gets for a question: made here, so that it can be asked without the proxy.</summary>
    public static string Expand(string question) => Text.Replace(Message, question, StringComparison.Ordinal);

    private static string Compose()
    {
        var folder = Path.Combine(
            RepositoryFolder.Root ?? throw new InvalidOperationException("Bioproxy.sln was not found above the demo."), "templates");
        var lines = Directory.GetFiles(folder).Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines).Where(
            line => line != Message).ToList();
        var text = new StringBuilder();
        for (var index = 0; text.Length < Length; index++)
            text.Append(lines[index % lines.Count]).Append('\n');
        return text.Append("\nThe question:\n\n").ToString();
    }
}
