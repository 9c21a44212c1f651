namespace Bioproxy.Host.Backends;

/// <summary>The models of a server.</summary>
/// <param name="Models">All that it can serve, loaded or not.</param>
/// <param name="MostLoaded">How many can be loaded at once; null where the server does not tell.</param>
internal sealed record ModelList(IReadOnlyList<ListedModel> Models, int? MostLoaded)
{
    public ListedModel? Find(string name) => Models.FirstOrDefault(model => model.Name == name);
}
