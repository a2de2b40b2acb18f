/**
 * The commonest passwords of leaked lists that are long enough to pass the rule of ten characters, and what people make
 * of a short one when a form asks for ten. Compared in lower case.
 */
export const commonPasswords: ReadonlySet<string> = new Set(
  `0123456789 0987654321 1111111111 1122334455 1123581321 1212121212 1234554321 1234567890 12345678900 123456789a
  1234567891 12345678910 123456789q 1234567899 123456789z 123qweasdzxc 147258369a 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc
  1qazxsw23edc 2222222222 5555555555 6666666666 7777777777 8888888888 9876543210 9999999999 0000000000 987654321a
  a123456789 aa12345678 aaaaaaaaaa abc1234567 abcd123456 abcd1234567 abcde12345 abcdefghij abcdefghijk access1234
  adgjmptw12 administrator admin12345 admin123456 asdasdasd1 asdfasdfasdf asdfghjkl1 asdfghjkl; asdf123456 babygirl123
  baseball123 basketball basketball1 bismillah1 blink182blink butterfly1 california california1 changeme123 charlie123
  cheesecake chocolate1 chocolate123 christopher computer123 correcthorsebatterystaple dragon1234 elizabeth1 estrella12
  everything facebook12 facebook123 football12 football123 fuckyou123 gabriel123 hello12345 helloworld helloworld1
  iloveyou12 iloveyou123 iloveyou1234 infinity123 internet12 jessica123 jonathan12 justinbieber juventus123 killer1234
  lasvegas123 letmein1234 letmein123 liverpool1 liverpool123 london1234 manchester manchester1 manchesterunited
  master1234 metallica1 michael123 microsoft1 millenium1 monkey1234 mynoob12345 mypassword motorola12 newpassword
  ninja12345 nothing123 p@ssw0rd12 p@ssw0rd123 passw0rd12 passw0rd123 password00 password01 password10 password11
  password12 password123 password123! password1234 password12345 password2024 password2025 password2026 passwordpassword
  passwort123 pa55word123 pokemon123 princess12 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx1234 qazwsxedc1 qazwsxedcrfv
  qqqqqqqqqq qwe1234567 qwer123456 qwer12345678 qwert12345 qwerty1234 qwerty12345 qwerty123456 qwertyqwerty qwertyuiop
  qwertyuiop1 qwertyuiop123 qwertyuiop[] samsung123 senha12345 sunshine12 sunshine123 superman12 superman123 spiderman1
  starwars123 tinkerbell tottenham1 trustno123 university victoria12 welcome123 welcome1234 whatever12 whatever123
  yellow1234 zaq12wsxcde zxcvbnm123 zxcvbnm1234 zzzzzzzzzz contraseña contraseña1 contrasena1 motdepasse motdepasse1
  azertyuiop azerty1234 azerty12345 minecraft1 minecraft123 fortnite123 plinth1234 plinthplinth`.split(/\s+/),
);
