namespace Bioproxy.Host.Configuration;

/// <summary>One entry of <c>models</c>: a name that clients use, and where it is served.</summary>
/// <param name="Name">The model's name for clients.</param>
/// <param name="Use">Where it is served.</param>
/// <param name="Aliases">Other names for it; a <c>*</c> stands for any characters.</param>
internal sealed record ModelOptions(string Name, IReadOnlyList<ModelUse> Use, IReadOnlyList<string> Aliases);
