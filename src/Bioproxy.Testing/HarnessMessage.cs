namespace Bioproxy.Testing;

/// <summary>A message of a prompt as the backend got it.</summary>
/// <param name="Role">The role as sent; a raw completion prompt has the role <c>user</c>.</param>
/// <param name="Text">Its texts, one behind the other; without pictures and other parts.</param>
public sealed record HarnessMessage(string Role, string Text);
