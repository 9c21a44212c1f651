using Bioproxy.Abstractions;
using Bioproxy.PrefixExpander;

namespace Bioproxy.UnitTests.PrefixExpander;

/// <summary>The template language, case by case. The message is always <c>Hi</c>; <c>a.txt</c> contains <c>[A]</c>.</summary>
public sealed class AngleTemplateEngineTests
{
    [Theory]
    // The message and files, in both spellings.
    [InlineData("<<message>>", "Hi")]
    [InlineData("<{message}>", "Hi")]
    [InlineData("Say: <<message>>!", "Say: Hi!")]
    [InlineData("<<message>> and <<message>> and <{message}>", "Hi and Hi and Hi")]
    [InlineData("<<a.txt>> <<message>>", "[A] Hi")]
    [InlineData("<{a.txt}> <<message>>", "[A] Hi")]
    [InlineData("<<message>><<a.txt>><<message>>", "Hi[A]Hi")]
    [InlineData("<<dir/sub dir/b.txt>><<message>>", "[B]Hi")]
    [InlineData("line 1\r\nline 2\n<<message>>\n", "line 1\r\nline 2\nHi\n")]
    // What was inserted is never scanned.
    [InlineData("<<recursive.txt>> <<message>>", "<<a.txt>> <<message>> \\<< Hi")]
    // A backslash makes it literal, and disappears.
    [InlineData("\\<<message>> <<message>>", "<<message>> Hi")]
    [InlineData("\\<{message}> <<message>>", "<{message}> Hi")]
    [InlineData("\\<<nowhere.txt>> <<message>>", "<<nowhere.txt>> Hi")]
    [InlineData("1 \\<< 3 <<message>>", "1 << 3 Hi")]
    [InlineData("\\\\<<message>> <<message>>", "\\<<message>> Hi")]
    [InlineData("\\<b> \\ \\n <<message>>", "\\<b> \\ \\n Hi")]
    [InlineData("<<message>>\\<", "Hi\\<")]
    // Not a placeholder: empty, white space at its ends, more than one line, never closed, brackets inside.
    [InlineData("<<>> <{}> <<message>>", "<<>> <{}> Hi")]
    [InlineData("<< message >> <{ a.txt }> <<message>>", "<< message >> <{ a.txt }> Hi")]
    [InlineData("cout << x >> y; <<message>>", "cout << x >> y; Hi")]
    [InlineData("<<a.txt\n>> <<message>>", "<<a.txt\n>> Hi")]
    [InlineData("1<<n; <<message>>", "1<<n; Hi")]
    [InlineData("cat <<EOF\n<<message>>\nEOF", "cat <<EOF\nHi\nEOF")]
    [InlineData("vector<vector<int>> v; <<message>>", "vector<vector<int>> v; Hi")]
    [InlineData("<<a>b>> <{a}b}> <<message>>", "<<a>b>> <{a}b}> Hi")]
    [InlineData("<<message> <<message>>", "<<message> Hi")]
    [InlineData("<<<message>>>", "<Hi>")]
    [InlineData("<<message>><<", "Hi<<")]
    [InlineData("<<message>><", "Hi<")]
    [InlineData("<<message>><<x", "Hi<<x")]
    [InlineData("<<message>><<x>", "Hi<<x>")]
    [InlineData("<<message>>>", "Hi>")]
    // The closing must fit the opening.
    [InlineData("<<message}> <{message>> <<message>>", "<<message}> <{message>> Hi")]
    public void Render_Template_GivesText(string template, string expected)
    {
        var source = new MemoryTemplateSource(
            template, ("a.txt", "[A]"), ("dir/sub dir/b.txt", "[B]"), ("recursive.txt", "<<a.txt>> <<message>> \\<<"));

        var text = new AngleTemplateEngine().Parse(source).Render(new TemplateVariables("Hi"));

        Assert.Equal(expected, text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<<message>> \\<< <<a.txt>> <{message}>")]
    [InlineData("two\nlines")]
    public void Render_AnyMessage_IsInsertedAsItIs(string message)
    {
        var template = new AngleTemplateEngine().Parse(new MemoryTemplateSource("before <<message>> after"));

        Assert.Equal($"before {message} after", template.Render(new TemplateVariables(message)));
    }

    [Theory]
    [InlineData(
        "<<nowhere.txt>><<message>>",
        1,
        1,
        "cannot include 'nowhere.txt': the file 'nowhere.txt' does not exist. If << is meant literally, write \\<<.")]
    [InlineData("one\r\n  <<nowhere.txt>><<message>>", 2, 3, "cannot include 'nowhere.txt'")]
    [InlineData(
        "<<message>>\n\n\nab <{name: string}>",
        4,
        4,
        "cannot include 'name: string': the file 'name: string' does not exist. If <{ is meant literally, write \\<{.")]
    [InlineData("<<Message>>", 1, 1, "cannot include 'Message'")]
    public void Parse_MissingFile_SaysWhereAndWhatToDo(string template, int line, int column, string message)
    {
        var error = Assert.Throws<TemplateException>(() => new AngleTemplateEngine().Parse(new MemoryTemplateSource(template)));

        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Only instructions.")]
    [InlineData("\\<<message>>")]
    [InlineData("<<recursive.txt>>")]
    public void Parse_NoMessage_IsAnError(string template)
    {
        var source = new MemoryTemplateSource(template, ("recursive.txt", "<<message>>"));

        var error = Assert.Throws<TemplateException>(() => new AngleTemplateEngine().Parse(source));

        Assert.StartsWith("the template has no <<message>>: the user's words would be lost.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_ReadsNothing()
    {
        var source = new MemoryTemplateSource("<<a.txt>><<message>>", ("a.txt", "[A]"));
        var template = new AngleTemplateEngine().Parse(source);
        source.Included.Clear();

        template.Render(new TemplateVariables("Hi"));

        Assert.Empty(source.Included);
    }
}
