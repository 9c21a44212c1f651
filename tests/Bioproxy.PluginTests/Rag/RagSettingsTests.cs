using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Rag;

namespace Bioproxy.PluginTests.Rag;

public sealed class RagSettingsTests
{
    [Theory]
    [InlineData("{}", "plugins.Bioproxy.Rag.folders")]
    [InlineData("""{"folders":[]}""", "plugins.Bioproxy.Rag.folders")]
    [InlineData("""{"folders":null}""", "plugins.Bioproxy.Rag.folders")]
    [InlineData("""{"folders":["notes"]}""", "plugins.Bioproxy.Rag.folders[0] is 'notes': write an absolute path")]
    [InlineData("""{"folders":[null]}""", "plugins.Bioproxy.Rag.folders[0]")]
    [InlineData("""{"folders":["FOLDER","FOLDER/none"]}""", "plugins.Bioproxy.Rag.folders[1]: the folder FOLDER/none does not exist")]
    [InlineData("""{"folders":["FOLDER","FOLDER/"]}""", "plugins.Bioproxy.Rag.folders[1]: FOLDER and FOLDER contain the same files")]
    [InlineData("""{"folders":["FOLDER/sub","FOLDER"]}""", "plugins.Bioproxy.Rag.folders[1]")]
    [InlineData("""{"folders":["FOLDER"],"folder":"x"}""", "plugins.Bioproxy.Rag.folder ")]
    [InlineData("""{"folders":["FOLDER"],"extensions":["md"]}""", "plugins.Bioproxy.Rag.extensions")]
    [InlineData("""{"folders":["FOLDER"],"extensions":[]}""", "plugins.Bioproxy.Rag.extensions")]
    [InlineData("""{"folders":["FOLDER"],"passages":0}""", "plugins.Bioproxy.Rag.passages")]
    [InlineData("""{"folders":["FOLDER"],"chunk_characters":10}""", "plugins.Bioproxy.Rag.chunk_characters")]
    [InlineData("""{"folders":["FOLDER"],"max_characters":1000}""", "plugins.Bioproxy.Rag.max_characters")]
    [InlineData("""{"folders":["FOLDER"],"max_file_bytes":0}""", "plugins.Bioproxy.Rag.max_file_bytes")]
    [InlineData("""{"folders":["FOLDER"],"max_files":0}""", "plugins.Bioproxy.Rag.max_files")]
    public void Settings_ThatCannotBeUsed_AreAnErrorNamingTheKey(string json, string expected)
    {
        var folder = Directory.CreateTempSubdirectory("bioproxy-rag-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        using var services = new FakeServices
        {
            PluginName = "Bioproxy.Rag",
            Json = json.Replace("FOLDER", JsonEncodedText.Encode(folder).ToString(), StringComparison.Ordinal)
        };

        var error = Assert.Throws<PluginSettingsException>(() => new RagTransform(services));

        Assert.Contains(expected.Replace("FOLDER", folder, StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Folders_AreCitedByTheirNames_AndByTheirPathsWhereTwoHaveTheSame()
    {
        var settings = new RagSettings { Folders = ["/x/notes", "/x/wiki/", "/y/notes"] };

        Assert.Equal([("/x/notes", "/x/notes"), ("/x/wiki", "wiki"), ("/y/notes", "/y/notes")], DocumentFolder.Of(settings)
            .Select(folder => (folder.Path, folder.Name)));
    }
}
